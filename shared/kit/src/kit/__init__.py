"""What every Madoguchi service uses and no service's rules."""
