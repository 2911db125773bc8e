"""What the sub-commands of ``nearplane`` are made of; typer and rich are imported from here on."""
