"""Pure states and moves of findings, joint works, filings and commitments.

The room stands empty until the programme is built; its contracts are those of ``hatang.data.contracts``.
"""
