"""A large library of made-up recordings, and how long its pages take."""
