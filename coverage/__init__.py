"""Pure analysis of coverage: frames and arrays in, frames and arrays out.

This folder is the package ``hatang.coverage``. With the checkout's root first on ``sys.path`` (``python -m``, ``streamlit run``) a
plain ``import coverage`` would find it too, and numba and pytest-cov want coverage.py. Loaded under that name it hands over to
coverage.py, or says that there is none (ADR 1).
"""

if __name__ == "coverage":
    import importlib.machinery
    import importlib.util
    import sys
    from pathlib import Path

    _root = Path(__file__).resolve().parent.parent
    _elsewhere = [entry for entry in sys.path if Path(entry or ".").resolve() != _root]
    _spec = importlib.machinery.PathFinder.find_spec("coverage", _elsewhere)
    if _spec is None or _spec.loader is None:
        sys.modules.pop("coverage", None)
        raise ModuleNotFoundError("No module named 'coverage'", name="coverage")
    _module = importlib.util.module_from_spec(_spec)
    sys.modules["coverage"] = _module
    _spec.loader.exec_module(_module)
