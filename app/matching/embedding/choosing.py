"""Which model an exchange has."""

from app.matching.domain.vectors import CosineScale
from app.matching.embedding.embedder import Embedder
from app.matching.embedding.onnx_e5 import E5, weights_path
from app.matching.embedding.openai_api import OpenAiApi
from app.matching.embedding.served import ServedModel
from app.settings import Settings


def make_embedder(settings: Settings) -> Embedder | None:
    """Return the model of the settings; else the one of the extra, if installed; else none.

    Nothing is loaded or asked yet.
    """
    url, model = settings.embedding_url, settings.embedding_model
    dimensions, scale = settings.embedding_dimensions, settings.embedding_scale
    if url and model and dimensions and scale:  # all or none of them
        floor, span = scale
        return ServedModel(
            OpenAiApi(url, model, settings.embedding_key),
            dimensions=dimensions,
            scale=CosineScale(floor=floor, span=span),
        )
    path = weights_path()
    return None if path is None else E5(path)
