"""What one asks of a model server besides a chat: vectors, images, speech, words of a recording, tensors."""
