"""Pure analysis of shared poles, ducts and chambers, on top of coverage's gaps."""
