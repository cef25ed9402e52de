"""Streamlit pages, map builders, server routes and vendored assets."""
