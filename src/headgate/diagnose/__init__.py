"""Diagnosis: causes of findings, one module per family, and their folding into incidents."""
