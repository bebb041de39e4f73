"""The engines that are measured side by side: each runs a burst of graphs and says what it took."""
