"""The widgets in the page: their code, their traits, and a file for each subject of their talk."""
