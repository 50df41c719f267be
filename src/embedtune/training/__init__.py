"""Fine-tune an embedding model on training pairs.

``backbone`` knows the shapes of models and ``freezing`` chooses what learns; the ``engine`` makes training quick
(``token_memory``, ``frozen_states`` kept in a ``state_store``, ``lean_forward``);
``batches`` says who meets whom in a batch, ``losses`` what is minimised,
``dev_set`` and ``domain_evaluator`` measure on held-out questions, ``recording`` writes the log files,
``remining`` mines hard negatives again between epochs, ``checkpoints`` names the state a run goes on from,
``interruption`` turns signals into an orderly stop, ``memory`` and ``full_disk`` meet the limits of the machine,
``devices`` says where and how precisely it computes, ``callback`` does all that at each step,
``ranks`` are the processes that train together, with ``shared_batches`` and one ``leading`` the others,
``library_trainer`` is the ``SentenceTransformerTrainer`` with its public hooks filled, ``preparation``
is all that is done before the first step, and ``trainer`` does a ``job`` with all of them.
"""
