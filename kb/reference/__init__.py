"""Reference tables that curators keep: exchange rates, price indices, published uplifts, with sources."""
