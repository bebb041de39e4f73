"""What people do with tools: register, search, try out, and say what is believed of them."""
