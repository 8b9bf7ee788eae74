"""Every metric of the kit in one place. Labels are topics, templates, routes and outcomes: never a person or a case."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

_FAST = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

http_requests = Histogram(
    "http_server_request_duration_seconds", "HTTP requests", ["method", "route", "status"], buckets=_FAST
)
events_recorded = Counter("madoguchi_events_recorded", "Events written to the event log", ["type"])
relay_published = Counter("madoguchi_relay_published", "Events told to the broker", ["topic"])
relay_failures = Counter("madoguchi_relay_failures", "Batches that the broker did not take", ["error"])
relay_buckets = Gauge("madoguchi_relay_owned_buckets", "Buckets this relay owns")
outbox_pending = Gauge("madoguchi_outbox_pending", "Events not yet told")
outbox_oldest_seconds = Gauge("madoguchi_outbox_oldest_seconds", "Age of the oldest event not yet told")
consumed = Counter("madoguchi_events_consumed", "Events by outcome", ["topic", "type", "outcome"])
event_age_seconds = Histogram(
    "madoguchi_event_age_seconds", "From recording to effect", ["topic"], buckets=(*_FAST, 30, 60, 300, 3600)
)
consumer_retries = Counter("madoguchi_consumer_retries", "Transient failures tried again in place", ["error"])
consumer_lag = Gauge("madoguchi_consumer_lag", "Records in this worker's partitions that it has not taken", ["topic"])
consumer_oldest_seconds = Gauge(
    "madoguchi_consumer_oldest_seconds",
    "Age of the oldest record in this worker's partitions that is not done, as far as the worker knows",
    ["topic"],
)
consumer_partitions = Gauge("madoguchi_consumer_partitions", "Partitions that this worker reads", ["topic"])
consumer_failures = Counter(
    "madoguchi_consumer_failures", "Times that the broker refused the consumer, or its loop failed", ["error"]
)
parked_keys = Gauge("madoguchi_parked_keys", "Keys waiting for an operator")
deadlines_overdue_seconds = Gauge("madoguchi_deadlines_overdue_seconds", "Age of the oldest due, unfired deadline")
provider_failures = Counter(
    "madoguchi_provider_failures", "Questions to a provider without a usable answer", ["provider"]
)
provider_unanswered_seconds = Gauge(
    "madoguchi_provider_unanswered_seconds",
    "Since when at least a question is asked without a usable answer",
    ["provider"],
)
