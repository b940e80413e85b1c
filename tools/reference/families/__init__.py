"""Every module of this folder holds CASES, a list of FamilyCase (golden_case.py)."""

import importlib
import pkgutil

NAMES = sorted(module.name for module in pkgutil.iter_modules(__path__))
FAMILY_CASES = [
    case for name in NAMES for case in importlib.import_module(f"{__name__}.{name}").CASES
]
