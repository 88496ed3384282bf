"""From answer to verdict: claims, how they are tested, what the evidence says of them."""
