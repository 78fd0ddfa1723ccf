"""Engines in other processes and on other machines, by Ray, which only this folder imports."""
