"""The hub's page: what devices do, live, and what can be asked of them, in a browser.

`feed` knows what is shown, `stream` sends it to each viewer, `operations` is what can be asked,
`guard` decides who may; `static` is the page itself, plain modules without a build step.
"""
