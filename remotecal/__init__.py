"""Remote calibration and instrument control: from the instrument's reply to the certificate."""
