"""Planted faults: what share of small changes of the code its unit tests notice.

Our own, because the tools there are change bodies of undecorated functions only. Half of what
decides about money here are tables, defaults and properties.
"""
