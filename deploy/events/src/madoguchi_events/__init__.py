"""What other teams and operators get of the events; for development and operation, in no service's image."""
