"""The bureau and its agencies as the schema shows them."""
