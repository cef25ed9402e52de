"""Start the map: `streamlit run app.py`, `python app.py`, or `hatang serve`."""

import streamlit as st

from hatang.data.settings import Settings
from hatang.web.server import FAILURES, MIDDLEWARE, ROUTES, serve

app = st.App("web/main.py", routes=ROUTES, middleware=MIDDLEWARE, exception_handlers=FAILURES)

if __name__ == "__main__":
    serve(app, Settings())
