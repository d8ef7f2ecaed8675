//! The pages and letters: templates, translations, one typed context each.
