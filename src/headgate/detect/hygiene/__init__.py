"""What will hurt later: settings, drift from what was declared, orphans, rights too wide."""

from headgate.detect import interface
from headgate.detect.hygiene import configs

DETECTORS: tuple[interface.Detector, ...] = (configs.Durability(),)
