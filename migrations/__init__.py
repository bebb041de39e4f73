"""How the truth's shape changes."""
