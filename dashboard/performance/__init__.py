"""What the performance page looks at: the choice in its address, the cases behind a choice, training runs, tables."""
