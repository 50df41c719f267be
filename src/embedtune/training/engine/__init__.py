"""How a model runs while it trains.

``backbone`` knows the shapes of models, ``freezing`` chooses what learns and ``lora`` makes it small; ``engine`` puts
together what makes training quick: ``token_memory``, ``frozen_states`` kept in a ``state_store``, and ``lean_forward``
on ``features``. ``devices`` says where and how precisely it computes.
"""
