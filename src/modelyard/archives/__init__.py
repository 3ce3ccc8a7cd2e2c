"""Archives: zip files that say what is in them, of which the same content makes the same bytes."""
