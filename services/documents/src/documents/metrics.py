"""The metrics of this service beside the kit's."""

from __future__ import annotations

from prometheus_client import Counter, Gauge

uploads_settled = Counter("madoguchi_documents_uploads_settled", "Uploads by outcome", ["outcome"])
evidence_read = Counter("madoguchi_documents_evidence_read", "Files read by a program, by what they are", ["outcome"])
objects_removed = Counter("madoguchi_documents_objects_removed", "Objects deleted because no row names them")
sweep_refused = Gauge(
    "madoguchi_documents_sweep_refused", "Objects that no row names and that the last sweep left, being too many"
)
files_missing = Gauge("madoguchi_documents_files_missing", "Documents without file in the store, at the last sweep")
