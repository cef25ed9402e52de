"""Start the map of an installed package: `python -m hatang.web`; `hatang serve` becomes this process."""

import streamlit as st

from hatang.data.settings import Settings
from hatang.web.server import FAILURES, MAIN_PAGE, MIDDLEWARE, ROUTES, serve

app = st.App(MAIN_PAGE, routes=ROUTES, middleware=MIDDLEWARE, exception_handlers=FAILURES)

if __name__ == "__main__":
    serve(app, Settings())
