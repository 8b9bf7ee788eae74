"""What the pages of the green loan tell, each text with the rule that wants it told."""

from __future__ import annotations

from applications.programme import Help

GUIDE: tuple[Help, ...] = ()
