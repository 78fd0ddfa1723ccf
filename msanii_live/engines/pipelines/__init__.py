"""Published models as engines: any folder of a diffusers pipeline that makes audio."""
