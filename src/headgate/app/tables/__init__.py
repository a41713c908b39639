"""Read models: an observation as the rows that pages, the API and the command line show.

Pure functions. Sorting, filtering and paging happen here, on the server.
"""
