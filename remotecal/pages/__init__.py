"""What all pages have in common, the laboratory's and those beside a rig: words, style, frame, serving."""
