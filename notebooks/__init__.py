"""The reference notebooks; they travel in the package for `sectypes lab`."""
