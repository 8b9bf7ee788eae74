"""The events of Madoguchi, for other teams."""
