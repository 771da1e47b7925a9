"""Texts to unit vectors: which model (models), on what engine (cache, preparing, engines), in which processes (pool).

The process that embeds never loads torch, transformers, tokenizers or onnxruntime: its helpers (worker) do.
"""
