"""Pure rules of the programs app: pictograms and the checks on library content."""
