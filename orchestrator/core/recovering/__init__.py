"""Pure parts of a recovery: its journal, where it may go, how long it still takes, the way back."""
