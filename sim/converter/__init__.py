"""A volume converter: its pressure sensor on a controller's line, its temperature sensor in a well."""
