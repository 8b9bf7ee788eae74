"""What can be read, already cut to what the actor may see."""
