"""When services of the green loan are closed: what the office announces, and who is told (GL-061, GL-429)."""
