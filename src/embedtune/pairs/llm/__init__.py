"""Questions written by a language model behind any OpenAI-compatible endpoint.

`writer.LlmWriter` asks about many sections at once; `prompt` says what is asked, `answers` what may come
back, `journal` keeps it, `budget` stops it, `client` speaks the protocol, `asking` tries again.
"""
