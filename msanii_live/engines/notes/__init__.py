"""What the engines that render notes share."""
