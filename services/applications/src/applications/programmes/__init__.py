"""One folder per programme: its form, rules, calculators, workflow and checklist."""
