"""What a page may send about a patient; fields say their range, actions keep the rules."""
