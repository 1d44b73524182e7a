"""State to what people and programs read: text, JSON documents, CloudEvents. Pure."""
