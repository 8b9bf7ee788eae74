"""Balance certificates: of associations by the office's import (残高証明書, AS-31, AS-32), of loans by what was repaid
(融資額残高証明書, GL-505 to GL-509).
"""
