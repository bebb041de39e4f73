"""From words to the tools that fit them."""
