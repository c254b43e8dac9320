"""What tests of heat meters read from a measurement."""


def errors(measurement):
    """Return the table of errors, and of each row the error and its expanded uncertainty."""
    table = measurement.results[0].tables[0]
    column = table.column("basic_measurementError")
    return table, list(zip(column.floats(), map(float, column.uncertainty.expanded), strict=True))
