"""Find wrong labels: evidence about each example, one probability for each label, and pages to review them."""
